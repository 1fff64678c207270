// Any message of the API, from a form made of its schema; and what comes unasked.
import { html, useState } from "../vendor/htm-preact.js";
import { isFinal, useMessages } from "../parts/api.js";
import { call } from "../parts/live.js";
import { initial, Members } from "../parts/schema_form.js";
import { go } from "../parts/router.js";
import { get, useStore } from "../parts/store.js";
import { Action, Choice, Loading } from "../parts/widgets.js";
import { moment } from "../parts/words.js";
import { T } from "../texts.js";

const FIRST = "mngDaemon_Version";

export function Messages({ rest }) {
	const { answer: known, error } = useMessages();
	const message = known?.find((each) => each.mType === (rest[0] ?? FIRST)) ?? known?.[0];
	return html`<h1>${T.messages}</h1>
		${error && html`<p role="alert">${error.message}</p>`}
		${message ? html`<label class="wide">${T.message} <select value=${message.mType} onChange=${(event) => go("messages", event.target.value)}>
				${known.map(({ mType }) => html`<option key=${mType} value=${mType}>${mType}</option>`)}
			</select></label>
			<${Sender} key=${message.mType} message=${message} />` : !error && html`<${Loading} lines=${5} />`}
		<${Unasked} />`;
}

function Sender({ message }) {
	const { mType, about, scope, service, schema } = message;
	const [req, setReq] = useState(initial(message));
	const [text, setText] = useState(null); // the request as JSON while that is written by hand
	const [answers, setAnswers] = useState([]);
	const [copy, setCopy] = useState("");
	const wanted = () => (text === null ? req : parsed(text));
	const send = async () => {
		setAnswers([]);
		const add = (each) => setAnswers((before) => [...before, each]);
		try {
			const isLast = (data) => isFinal(message, data);
			add((await call(mType, wanted(), { onAnswer: (data) => add({ mType, data }), isLast })).data);
		} catch (error) {
			if (error.answer) add(error.answer.data);
			throw error;
		}
	};
	const show = (mode) => setText(mode === "json" ? JSON.stringify(req ?? {}, null, 2) : null);
	const put = async (made) => {
		setCopy("");
		try {
			await navigator.clipboard.writeText(made);
			return T.copied;
		} catch {
			setCopy(made); // a page that came without TLS may not write there
			return T.copyByHand;
		}
	};
	return html`<section class="sender"><p class="soft">${about} ${scope && T.takes(scope, service)}</p>
		${schema && html`<${Choice} label=${T.request} options=${[["form", T.form], ["json", T.json]]} value=${text === null ? "form" : "json"} onChange=${show} />`}
		${!schema ? html`<p class="soft">${T.noMembers}</p>`
		: text !== null ? html`<textarea aria-label=${T.request} rows="8" spellcheck=${false} value=${text} onInput=${(event) => setText(event.target.value)} />`
		: html`<${Members} schema=${schema} value=${req} onChange=${setReq} />`}
		<div class="actions">
			<${Action} kind="main" label=${T.send} run=${send} />
			<${Action} kind="quiet" label=${T.copyCurl} run=${() => put(asCurl(mType, wanted()))} />
			<${Action} kind="quiet" label=${T.copyPython} run=${() => put(asPython(mType, wanted()))} />
		</div>
		${copy && html`<pre tabindex="0">${copy}</pre>`}
		${answers.length > 0 && html`<h2>${T.answers}</h2>${answers.map((each, index) => html`<pre key=${index} tabindex="0">${JSON.stringify(each, null, 2)}</pre>`)}`}
	</section>`;
}

function parsed(text) {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new Error(T.notJson(error.message));
	}
}

const body = (mType, req) => ({ mType, data: { msgId: "1", ...(req === undefined ? {} : { req }) } });
const callUrl = () => new URL("api/v1/call", document.baseURI.split("#")[0]).href;

const asCurl = (mType, req) =>
	`curl ${quoted(callUrl())} -H "Authorization: Bearer $IQRF_TOKEN" -d ${quoted(JSON.stringify(body(mType, req)))}`;

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const asPython = (mType, req) => `import json, os, urllib.request

message = json.loads(${JSON.stringify(JSON.stringify(body(mType, req)))})
request = urllib.request.Request(
    ${JSON.stringify(callUrl())},
    json.dumps(message).encode(),
    {"Authorization": "Bearer " + os.environ["IQRF_TOKEN"]},
)
for line in urllib.request.urlopen(request):
    print(json.loads(line))
`;

function Unasked() {
	const { unasked } = useStore();
	const [typed, setTyped] = useState("");
	const lines = unasked.map(({ at, message }) => ({ at, text: JSON.stringify(message), mType: message.mType }));
	const shown = lines.filter(({ text }) => text.toLowerCase().includes(typed.toLowerCase())).slice(0, 50);
	return html`<section><h2>${T.unaskedMessages}</h2>
		${unasked.length ? html`<label>${T.filter} <input type="search" value=${typed} onInput=${(event) => setTyped(event.target.value)} /></label>
			${shown.map(({ at, text, mType }) => html`<details key=${at + text.slice(0, 60)}><summary>${moment(at, Date.now() + get().skew)} ${mType}</summary><pre>${JSON.stringify(JSON.parse(text), null, 2)}</pre></details>`)}`
		: html`<p class="soft">${T.unaskedNone}</p>`}
	</section>`;
}
