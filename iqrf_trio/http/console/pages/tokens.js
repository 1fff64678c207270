// Who may ask the gateway, and what for.
import { Action, ask, html, Loading, storedKey, T, Table, useAsked, useLimits, useState } from "../parts/page.js";
import { Members } from "../parts/schema_form.js";

const PATH = "api/v1/tokens";
const SCHEMA = {
	properties: {
		owner: { type: "string" },
		expires: { type: "string", description: T.expiresHelp },
		scope: { enum: ["read", "control", "manage"], description: T.scopeHelp },
		service: { type: "boolean", description: T.serviceHelp },
	},
	required: ["owner", "expires"],
};
const EMPTY = { owner: "", expires: "1y", scope: "control", service: false };

export function Tokens() {
	const { answer: tokens, error, again } = useAsked(PATH);
	const limit = useLimits()("manage", true);
	const [body, setBody] = useState(EMPTY);
	const [made, setMade] = useState(null);
	const change = async (path, method, sent) => {
		setMade((await ask(path, { method, body: sent })).token);
		again();
	};
	if (!tokens) return html`<${Loading} error=${error} />`;
	const own = Number(storedKey().split(";")[1]);
	const actions = (id) => html`<span class="buttons"><${Action} kind="quiet" label=${T.rotate} sure=${T.sure} ...${limit} run=${() => change(`${PATH}/${id}/rotate`, "POST")} />
		<${Action} kind="quiet" label=${T.revoke} sure=${T.sure} ...${limit} run=${() => change(`${PATH}/${id}`, "DELETE")} /></span>`;
	return html`${made && html`<p role="status">${T.tokenMade}</p><code class="command">${made}</code>`}
		<${Table} rows=${tokens.map(({ id, owner, scope, service, status, expiresAt }) => ({
			[T.token]: id === own ? `${id} (${T.yours})` : id, owner, scope, service, status, [T.ends]: new Date(expiresAt).toLocaleString("en-GB"), "": status === "valid" ? actions(id) : null,
		}))} />
		<h2>${T.newToken}</h2><${Members} schema=${SCHEMA} plain value=${body} onChange=${setBody} />
		<${Action} kind="main" label=${T.make} ...${limit} run=${() => change(PATH, "POST", body).then(() => setBody(EMPTY))} />`;
}
