// The report: findings of stable claims (FORMAT.md section 11), each with a sentence for people.

const MOST_OF_A_CLAIM = 1000;

// The order of the section's table, which is the order of the report.
const ORDER = [
  ...['bag-form', 'bag-complete', 'bag-payload', 'bag-tags', 'container-form', 'bundle-form', 'bundle-signature', 'bundle-files'],
  ...['seal-form', 'seal-content', 'seal-signature', 'seal-time', 'seal-purpose', 'seal-chain', 'timestamp', 'seal-binds', 'seal-logged', 'derivation'],
  ...['packet-index', 'clip-packets', 'clip-playback'],
  ...['checkpoint-signature', 'witness-quorum', 'outside-witness', 'entry-form', 'entry-proof', 'exhibit-sequence', 'export-entry', 'disclosure'],
  ...['time', 'remembered', 'trust-anchors'],
];

export class Findings {
  constructor() {
    this.list = [];
    this.counts = new Map();
  }

  add(claim, verdict, subject, sentence, entry = null) {
    const key = `${claim} ${verdict}`;
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    if (count <= MOST_OF_A_CLAIM) this.list.push({ claim, verdict, subject, sentence, entry });
  }

  holds(claim, subject, sentence, entry) {
    this.add(claim, 'holds', subject, sentence, entry);
  }

  fails(claim, subject, sentence, entry) {
    this.add(claim, 'fails', subject, sentence, entry);
  }

  note(claim, subject, sentence, entry) {
    this.add(claim, 'note', subject, sentence, entry);
  }

  /** Said where nothing of the claim failed. */
  holdsIfNothingFailed(claim, subject, sentence) {
    if (!this.counts.has(`${claim} fails`)) this.holds(claim, subject, sentence);
  }

  report() {
    for (const [key, count] of this.counts) {
      const [claim, verdict] = key.split(' ');
      if (count > MOST_OF_A_CLAIM)
        this.list.push({ claim, verdict, subject: '', sentence: `${count - MOST_OF_A_CLAIM} more of the same kind are not listed.`, entry: null });
    }
    this.list.sort((a, b) => ORDER.indexOf(a.claim) - ORDER.indexOf(b.claim)); // stable: the rest stays as it was found
    const failed = new Set(this.list.filter(f => f.verdict === 'fails').map(f => f.claim)).size;
    return {
      holds: failed === 0,
      answer:
        failed === 0
          ? 'This bundle holds. Every file in it is exactly as it was sealed and packed, and the record of what was done with it is complete and unchanged.'
          : 'This bundle does not hold. Something in it is not as it was sealed, recorded or packed. Do not rely on it until the reason is known.',
      findings: this.list,
    };
  }
}
