/** What a stream has told: the things by their keys, as they are now. */
export class Feed {
  /** The things. While a present state is coming in, still the ones before it. */
  items = new Map();
  /** Whether the present state is complete and the stream goes on. */
  live = false;

  #fresh = null;
  #keyOf;
  #keeps;

  /** @param keeps says which things stay; the others are forgotten when they are told of. */
  constructor(keyOf, keeps) {
    this.#keyOf = keyOf;
    this.#keeps = keeps;
  }

  /** Takes a part in. Returns the keys of which something may be new. */
  take({ reset, caughtUp }, things) {
    if (reset) this.#fresh = new Map();
    const into = this.#fresh ?? this.items;
    const told = things.map(thing => {
      const key = this.#keyOf(thing);
      if (this.#keeps(thing)) into.set(key, thing);
      else into.delete(key);
      return key;
    });
    if (!caughtUp) return this.#fresh ? [] : told;
    const all = new Set([...this.items.keys(), ...into.keys()]);
    this.items = into;
    this.#fresh = null;
    this.live = true;
    return [...all];
  }

  /** The stream has broken: what is known is old. */
  break() {
    this.live = false;
    this.#fresh = null;
  }
}
