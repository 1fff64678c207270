// The request of a message: which message, and its members.
import { html, Select, T } from "./page.js";
import { Members } from "./schema_form.js";

export function MessageChoice({ messages, value, onChange }) {
	return html`<div class="fields"><${Select} label=${T.message} options=${messages.map(({ mType }) => mType)} value=${value} onChange=${onChange} /></div>`;
}

export function Request({ message: { about, scope, service, schema }, value, onChange }) {
	return html`<p class="soft">${about} ${scope && T.takes(scope, service)}</p>
		<${Members} schema=${schema ?? {}} value=${value} onChange=${onChange} />`;
}
