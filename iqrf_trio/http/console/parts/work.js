// A panel for a work that takes long, made of its message: a form of some members, a dry run first
// where there is one, how far it is, cancel, and what came of it.
import { Button, html, State, T, Told, useLimits, useMessages, useState, useStore } from "./page.js";
import { changes, Members, only } from "./schema_form.js";
import { begin, cancel, close } from "./works.js";

// `members` are those that can be filled in, `given` is sent besides or is what they begin with; of
// `known`, what they are now, only what is changed is sent.
// Title and help are those of the message in T, without others. With `typed` that very word is asked for before.
export function Work({ mType, id = mType, title, help, label = T.begin, members = [], given = {}, known, typed = "", cancels = true, tell }) {
	const name = mType.split("_")[1];
	title ??= T.works[name];
	const message = useMessages().answer?.find((each) => each.mType === mType);
	const limits = useLimits();
	const { works } = useStore();
	const [req, setReq] = useState(given);
	const [word, setWord] = useState("");
	if (!message) return null;
	const work = works[id];
	const running = work && !work.result;
	const limit = limits(message.scope ?? "manage", message.service);
	const tries = message.extras.includes("dryRun");
	const start = (dry) => {
		setWord("");
		begin(id, message, message.schema ? { ...given, ...req } : undefined, { tell, dry });
	};
	const why = limit.why || (typed && word !== typed ? T.typeFirst(typed) : tries && !work?.dry ? T.tryFirst : "");
	return html`<section class="work" aria-label=${title}>
		<h2>${title}</h2><p class="soft">${help ?? T.worksHelp[name] ?? message.about}</p>
		${running ? html`<${Running} title=${title} work=${work} cancels=${cancels} />` : html`
			${members.length > 0 && html`<${Members} schema=${only(message.schema, members)} plain value=${{ ...known, ...req }} onChange=${(all) => setReq(changes(all, known))} />`}
			${typed && html`<label class="danger">${T.typeIt(typed)} <input value=${word} disabled=${Boolean(limit.why)} onInput=${(event) => setWord(event.target.value)} /></label>`}
			<div class="buttons">
				${tries && html`<${Button} why=${limit.why} onClick=${() => start(true)}>${T.tryIt}<//>`}
				<${Button} kind=${typed ? "dangerous" : "main"} why=${why} onClick=${() => start(false)}>${label}<//>
			</div>`}
		${work?.result && html`<div class="result"><p role="status"><${State} ...${work.result} /> <button class="quiet" onClick=${() => close(id)}>${T.dismiss}</button></p>
			<${Told} value=${work.told} /></div>`}
	</section>`;
}

function Running({ title, work, cancels }) {
	return html`<div class="running" role="status">
		<progress aria-label=${title} value=${work.pace?.done} max=${work.pace?.total ?? 1} /> <span>${work.pace?.text ?? T.busy}</span>
		${cancels && html`<button onClick=${() => cancel(work)}>${T.stopIt}</button>`}
	</div>`;
}
