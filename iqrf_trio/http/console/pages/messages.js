// Any message of the API, from a form made of its schema; and what comes unasked.
import { Action, call, get, go, html, isFinal, Loading, moment, Search, T, useMessages, useState, useStore } from "../parts/page.js";
import { initial, MessageChoice, Request } from "../parts/schema_form.js";

const FIRST = "mngDaemon_Version";

export function Messages({ rest }) {
	const { answer: known, error } = useMessages();
	const message = known?.find((each) => each.mType === (rest[0] ?? FIRST)) ?? known?.[0];
	return html`<h1>${T.messages}</h1>
		${message ? html`<${MessageChoice} messages=${known} value=${message.mType} onChange=${(mType) => go("messages", mType)} />
			<${Sender} key=${message.mType} message=${message} />` : html`<${Loading} error=${error} lines=${5} />`}
		<${Unasked} />`;
}

function Sender({ message }) {
	const { mType } = message;
	const [req, setReq] = useState(initial(message));
	const [answers, setAnswers] = useState([]);
	const [copy, setCopy] = useState("");
	const send = async () => {
		setAnswers([]);
		const add = (each) => setAnswers((before) => [...before, each]);
		try {
			const isLast = (data) => isFinal(message, data);
			add((await call(mType, req, { onAnswer: (data) => add({ mType, data }), isLast })).data);
		} catch (error) {
			if (error.answer) add(error.answer.data);
			throw error;
		}
	};
	const put = (made) => {
		setCopy(made); // to be copied by hand: a page that came without TLS may not do it
		return navigator.clipboard?.writeText(made).then(() => T.copied, () => "");
	};
	return html`<section class="sender"><${Request} message=${message} value=${req} onChange=${setReq} />
		<div class="actions">
			<${Action} kind="main" label=${T.send} run=${send} />
			<${Action} kind="quiet" label=${T.copyCurl} run=${() => put(asCurl(mType, req))} />
			<${Action} kind="quiet" label=${T.copyPython} run=${() => put(asPython(mType, req))} />
		</div>
		${copy && html`<pre tabindex="0">${copy}</pre>`}
		${answers.length > 0 && html`<h2>${T.answers}</h2>${answers.map((each, index) => html`<pre key=${index} tabindex="0">${JSON.stringify(each, null, 2)}</pre>`)}`}
	</section>`;
}

const body = (mType, req) => ({ mType, data: { msgId: "1", ...(req === undefined ? {} : { req }) } });
const callUrl = () => new URL("api/v1/call", document.baseURI.split("#")[0]).href;

const asCurl = (mType, req) =>
	`curl ${quoted(callUrl())} -H "Authorization: Bearer $IQRF_TOKEN" -d ${quoted(JSON.stringify(body(mType, req)))}`;

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const asPython = (mType, req) => `import json, os, urllib.request as http

message = ${JSON.stringify(JSON.stringify(body(mType, req)))}
headers = {"Authorization": "Bearer " + os.environ["IQRF_TOKEN"]}
for line in http.urlopen(http.Request("${callUrl()}", message.encode(), headers)):
    print(json.loads(line))
`;

function Unasked() {
	const { unasked } = useStore();
	const [typed, setTyped] = useState("");
	const lines = unasked.map(({ at, message }) => ({ at, mType: message.mType, text: JSON.stringify(message, null, 2) }));
	const shown = lines.filter(({ text }) => text.toLowerCase().includes(typed.toLowerCase())).slice(0, 50);
	return html`<section><h2>${T.unaskedMessages}</h2>
		${unasked.length ? html`<${Search} label=${T.filter} value=${typed} onInput=${setTyped} />
			${shown.map(({ at, text, mType }) => html`<details key=${at + text.slice(0, 60)}><summary>${moment(at, Date.now() + get().skew)} ${mType}</summary><pre>${text}</pre></details>`)}`
		: html`<p class="soft">${T.unaskedNone}</p>`}
	</section>`;
}
