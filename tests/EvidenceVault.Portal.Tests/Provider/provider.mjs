// A real provider of identities (OpenID Connect) for the tests of the portal, on this machine alone. Prints its issuer once it listens.
//   node provider.mjs CALLBACK SECRET PEOPLE     PEOPLE: JSON, { "subject": { "preferred_username": …, "roles": […] } }; whoever types a subject as their login is signed in as it
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [callback, secret, people] = process.argv.slice(2);
const accounts = JSON.parse(people);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  // Another site than 127.0.0.1 to a browser, as a provider is.
  const issuer = `http://localhost:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'portal', client_secret: secret, redirect_uris: [callback], response_types: ['code'], grant_types: ['authorization_code'] }],
    claims: { openid: ['sub'], profile: ['preferred_username'], roles: ['roles'] },
    pkce: { required: () => true },
    findAccount: (_, id) => accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
    // Its own plain pages for signing in and consenting.
    // Pushed requests (RFC 9126) would keep the question out of the browser's hands; many providers do not have them.
    features: { devInteractions: { enabled: true }, pushedAuthorizationRequests: { enabled: false } },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
