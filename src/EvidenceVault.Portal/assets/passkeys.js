// Signing in with a passkey, and making one (WebAuthn level 3). Without scripts, or in a browser that has no passkeys, what this shows stays hidden.

const ask = async (address, body) => {
  const answer = await fetch(address, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Form-Token': document.querySelector('meta[name="form-token"]').content },
    body: JSON.stringify(body ?? {}),
  });
  const told = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error([told.detail, told.next].filter(Boolean).join(' '));
  return told;
};

const signIn = async (place) => {
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(await ask('/api/passkeys/sign-in-options'));
  await ask('/api/passkeys/sign-in', (await navigator.credentials.get({ publicKey: options })).toJSON());
  location.assign(place.dataset.to);
};

const make = async (place) => {
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(await ask('/api/passkeys/options', { password: place.querySelector('[name="password"]')?.value ?? null }));
  const credential = await navigator.credentials.create({ publicKey: options });
  await ask('/api/passkeys', { name: place.querySelector('[name="name"]').value, credential: credential.toJSON() });
  location.assign(place.dataset.to);
};

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  for (const place of document.querySelectorAll('[data-passkey]')) {
    const button = place.querySelector('button');
    const wrong = place.querySelector('[role="alert"]');
    button.addEventListener('click', async () => {
      wrong.hidden = true;
      button.disabled = true;
      try {
        await (place.dataset.passkey === 'make' ? make : signIn)(place);
      } catch (error) {
        // Closing the browser's own question is no error of anybody.
        wrong.textContent = error.name === 'NotAllowedError' ? 'You ended it, or it took too long. Nothing was changed. Try again if you want to.' : error.message;
        wrong.hidden = false;
      } finally {
        button.disabled = false;
      }
    });
    place.hidden = false;
  }
}
