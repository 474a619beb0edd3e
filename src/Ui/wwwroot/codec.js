// A codec server decodes and encodes payloads by Temporal's protocol: POST URL/decode and URL/encode, {"payloads": [...]} in and out. It is asked by the
// browser, with the rights of who looks, so that what it decodes never reaches the platform.
const MaxShown = 10_000, MaxAsked = 50, LongestMs = 10_000;

const ask = async (codec, verb, payloads) => {
  const answer = await fetch(`${codec.url.replace(/\/$/, '')}/${verb}`, {
    method: 'POST', body: JSON.stringify({ payloads }), credentials: codec.credentials ? 'include' : 'omit', signal: AbortSignal.timeout(LongestMs),
    headers: { 'Content-Type': 'application/json', 'X-Namespace': codec.namespace },
  }).catch(() => { throw new Error('The codec server did not answer; it must allow this console as an origin'); });
  if (!answer.ok) { throw new Error(`The codec server answered ${answer.status}`); }
  const { payloads: found } = await answer.json().catch(() => ({}));
  if (found?.length !== payloads.length) { throw new Error('The codec server answered other payloads than it was asked for'); }
  return found;
};

const bytes = (base64) => Uint8Array.from(atob(base64 ?? ''), (c) => c.charCodeAt(0));
const textOf = (base64) => new TextDecoder().decode(bytes(base64));

const read = (payload) => {
  const encoding = textOf(payload.metadata?.encoding);
  const text = textOf(payload.data);
  if (encoding === 'binary/null') { return 'null'; }
  if (encoding === 'json/plain' || encoding === 'json/protobuf') { try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; } }
  if (encoding === 'binary/plain') { return text; }
  throw new Error(`The codec server gave ${encoding || 'no encoding'}, ${bytes(payload.data).length} bytes`);
};

// What is on one page is asked for together, so many at once.
let waiting = [];
const decode = (codec, payload) => new Promise((resolve, reject) => {
  if (waiting.length === 0) { setTimeout(flush, 0); }
  waiting.push({ codec, payload, resolve, reject });
});
const flush = async () => {
  const asked = waiting;
  waiting = [];
  for (const group of Map.groupBy(asked, (a) => JSON.stringify(a.codec)).values()) {
    for (let at = 0; at < group.length; at += MaxAsked) {
      const some = group.slice(at, at + MaxAsked);
      try {
        const found = await ask(some[0].codec, 'decode', some.map((a) => a.payload));
        some.forEach((a, i) => a.resolve(found[i]));
      } catch (e) { some.forEach((a) => a.reject(e)); }
    }
  }
};

// <fs-payload> writes its own text: the page gives attributes alone, and so never takes away what was decoded.
class FlagstonePayload extends HTMLElement {
  static observedAttributes = ['payload'];

  connectedCallback() { this.#show(); }

  attributeChangedCallback() { if (this.isConnected) { this.#show(); } }

  async #show() {
    const payload = this.getAttribute('payload');
    this.#say('p', 'Decoding…');
    try {
      const codec = { url: this.getAttribute('codec'), namespace: this.getAttribute('namespace'), credentials: this.hasAttribute('credentials') };
      const text = read(await decode(codec, JSON.parse(payload)));
      if (payload === this.getAttribute('payload')) { this.#say('pre', text.length > MaxShown ? `${text.slice(0, MaxShown)}… (${text.length} characters)` : text); }
    } catch (e) {
      this.#say('p', `${this.getAttribute('summary')}. ${e.message}.`);
    }
  }

  #say(tag, text) {
    const element = document.createElement(tag);
    if (tag === 'pre') {
      element.className = 'fs-code fs-payload';
      element.tabIndex = 0;
      element.setAttribute('role', 'region');
      element.setAttribute('aria-label', `${this.getAttribute('label')}, decoded`);
      element.append(Object.assign(document.createElement('code'), { textContent: text }));
    } else {
      element.className = 'fs-dim';
      element.textContent = text;
    }
    this.replaceChildren(element);
  }
}

customElements.define('fs-payload', FlagstonePayload);

/** @returns The payloads, encoded, as JSON. */
export const encode = async (codec, payloads) => JSON.stringify({ payloads: await ask(codec, 'encode', JSON.parse(payloads).payloads ?? []) });
