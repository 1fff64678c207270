// A panel for a work that takes long: begin, how far it is, cancel, and what came of it, which stays
// until it is closed.
import { html, useRef, useState } from "../vendor/htm-preact.js";
import { T } from "../texts.js";
import { call } from "./live.js";
import { useStore } from "./store.js";
import { State } from "./widgets.js";

// `begin(onAnswer)` sends the request and gives the promise of the last message, `tell(message)`
// makes a sentence of it, `between(data)` makes {text, done, total} of an answer in between. With
// `typed` that very word is asked for before. `refused` says why it cannot be begun.
export function Work({ title, help, begin, tell, between, typed = "", cancels = true, refused = "", children }) {
  const { connected } = useStore();
  const [work, setWork] = useState(null); // {pace} while it runs, {result} afterwards
  const [word, setWord] = useState("");
  const request = useRef();
  const start = async () => {
    setWork({ pace: null });
    setWord("");
    try {
      request.current = begin((data) => setWork({ pace: between(data) }));
      setWork({ result: { state: "good", text: tell(await request.current) } });
    } catch (error) {
      setWork({ result: { state: "silent", text: error.message } });
    }
  };
  const cancel = () => call("iqrfTrio_Cancel", { msgId: request.current.msgId }).catch(() => {});
  const why = refused || (connected ? "" : T.noConnection);
  const running = work && !work.result;
  return html`<section class="work" aria-label=${title}>
    <h2>${title}</h2><p class="soft">${help}</p>
    ${!running && children}
    ${typed && !running && html`<label class="danger">${T.typeAll} <input value=${word} disabled=${Boolean(why)} onInput=${(event) => setWord(event.target.value)} /></label>`}
    ${!running && html`<button class=${typed ? "dangerous" : "main"} disabled=${Boolean(why) || word !== typed} title=${why} onClick=${start}>${T.begin}</button>`}
    ${running && html`<div class="running" role="status">
      <progress aria-label=${title} value=${work.pace?.done} max=${work.pace?.total ?? 1} /> <span>${work.pace?.text ?? T.busy}</span>
      ${cancels && html`<button onClick=${cancel}>${T.stopIt}</button>`}
    </div>`}
    ${work?.result && html`<p class="result" role="status"><${State} ...${work.result} /> <button class="quiet" onClick=${() => setWork(null)}>${T.dismiss}</button></p>`}
  </section>`;
}
