// How fast it goes, over the last seconds: what was before says nothing of the time that is left.

const span = 10_000;

export class Speed {
  #marks = [];
  #sum = 0;

  add(bytes) {
    this.#marks.push([performance.now(), bytes]);
    this.#sum += bytes;
  }

  /** Bytes a second; 0 where nothing was sent lately. */
  get now() {
    const from = performance.now() - span;
    while (this.#marks.length > 0 && this.#marks[0][0] < from) this.#sum -= this.#marks.shift()[1];
    if (this.#marks.length === 0) return 0;
    return (this.#sum * 1000) / Math.max(1000, performance.now() - this.#marks[0][0]);
  }
}
