// Calls to /ops/v1 with the operator key, and the streams.

const Prefix = "/ops/v1/";
const Patience = 20_000;
// The server gives a sign of life every 15 seconds.
const Silence = 40_000;
const FirstPause = 500;
const LongestPause = 10_000;
const Unauthenticated = 16;

/** What the server answered instead of doing it: its sentence is for the operator. Status 0: it gave no answer. */
export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

/** An operator's session: a key, until it is closed. */
export class Api {
  #key;
  #end = new AbortController();
  #keyIsDead;

  /** @param keyIsDead is called, once, when the server does not take the key any more. */
  constructor(key, keyIsDead) {
    this.#key = key;
    this.#keyIsDead = keyIsDead;
  }

  /** Ends everything that runs. */
  close() {
    this.#end.abort();
  }

  get closed() {
    return this.#end.signal.aborted;
  }

  get(path) {
    return this.#call("GET", path);
  }

  post(path, body) {
    return this.#call("POST", path, JSON.stringify(body));
  }

  /** Everything of a list that comes in pages. */
  async list(path, field) {
    const all = [];
    for (let token = ""; ;) {
      const page = await this.get(`${path}${path.includes("?") ? "&" : "?"}pageSize=200&pageToken=${encodeURIComponent(token)}`);
      all.push(...page[field]);
      token = page.nextPageToken;
      if (!token) return all;
    }
  }

  /**
   * Follows a stream until the session is closed, and begins it again whenever it breaks.
   * @param part is called with each message.
   * @param lost is called whenever it breaks.
   * @param wanted tells whether anybody looks; while nobody does, there is no stream.
   */
  async follow(path, part, lost, wanted) {
    let pause = FirstPause;
    while (!this.closed) {
      await wanted.yes();
      try {
        await this.#read(path, message => {
          pause = FirstPause;
          part(message);
        }, wanted);
      } catch (error) {
        if (this.closed || this.#dies(error)) return;
      }
      lost();
      if (wanted.is) {
        await sleep(pause * (0.75 + Math.random() / 2), this.#end.signal);
        pause = Math.min(pause * 2, LongestPause);
      }
    }
  }

  async #call(method, path, body) {
    try {
      const answer = await this.#fetch(path, { method, body, signal: AbortSignal.any([this.#end.signal, AbortSignal.timeout(Patience)]) });
      return await answer.json();
    } catch (error) {
      this.#dies(error);
      throw error instanceof Refused ? error : new Refused(0, "");
    }
  }

  async #fetch(path, options) {
    const headers = { Authorization: `Bearer ${this.#key}` };
    if (options.body) headers["Content-Type"] = "application/json";
    const answer = await fetch(Prefix + path, { ...options, headers, cache: "no-store", credentials: "omit", redirect: "error" });
    if (answer.ok) return answer;
    const sentence = await answer.json().then(status => status.message, () => "");
    throw new Refused(answer.status, sentence || `HTTP ${answer.status}`);
  }

  async #read(path, part, wanted) {
    const end = new AbortController();
    let silence;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => end.abort(), Silence);
    };
    const forget = wanted.onNo(() => end.abort());
    try {
      heard();
      const answer = await this.#fetch(path, { signal: AbortSignal.any([this.#end.signal, end.signal]) });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ;) {
        const { done, value } = await reader.read();
        if (done) return;
        heard();
        const lines = (rest + value).split("\n");
        rest = lines.pop();
        for (const line of lines.filter(it => it)) part(this.#message(JSON.parse(line)));
      }
    } finally {
      clearTimeout(silence);
      forget();
      end.abort();
    }
  }

  // A stream that the server ends says why in its last line.
  #message(message) {
    if (message.code === undefined) return message;
    throw new Refused(message.code === Unauthenticated ? 401 : 503, message.message);
  }

  #dies(error) {
    if (!(error instanceof Refused) || error.status !== 401) return false;
    if (!this.closed) {
      this.close();
      this.#keyIsDead();
    }
    return true;
  }
}

/** Waits; a signal or a network that is there again ends it early. */
export const sleep = (time, signal) => new Promise(done => {
  const timer = setTimeout(awake, time);
  addEventListener("online", awake);
  signal?.addEventListener("abort", awake);
  function awake() {
    clearTimeout(timer);
    removeEventListener("online", awake);
    signal?.removeEventListener("abort", awake);
    done();
  }
});

/**
 * Whether anybody looks at the page. Three streams of each hidden tab would take the six connections that a browser has for
 * one server over HTTP/1.1, and a phone's battery.
 */
export const onLooking = {
  get is() {
    return document.visibilityState !== "hidden";
  },
  yes() {
    return this.is ? Promise.resolve() : new Promise(done => document.addEventListener("visibilitychange", done, { once: true })).then(() => this.yes());
  },
  onNo(act) {
    const look = () => this.is || act();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  },
};
