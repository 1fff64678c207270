// The first visit, and every one after the key has ended.
import { html, T, useRef, useState, useStore } from "../parts/page.js";
import { begin } from "../parts/session.js";
import { Sign } from "../parts/signs.js";

export function SignIn() {
	const { refusal } = useStore();
	const [token, setToken] = useState("");
	const [busy, setBusy] = useState(false);
	const field = useRef();
	const submit = async (event) => {
		event.preventDefault();
		setBusy(true);
		await begin(token.trim());
		setBusy(false);
		field.current?.select();
	};
	return html`<main class="sign-in">
		<h1><${Sign} name="map" /> iqrf-trio</h1>
		<form onSubmit=${submit}>
			${refusal && html`<p class="refusal" role="alert">${refusal}</p>`}
			<p>${T.tokenHelp}</p>
			<code class="command">${T.tokenCommand}</code>
			<label>${T.token}
				<input ref=${field} type="password" autocomplete="off" spellcheck=${false} required value=${token}
					onInput=${(event) => setToken(event.target.value)} />
			</label>
			<button class="main" disabled=${busy || !token.trim()}>${busy ? T.busy : T.signIn}</button>
			<p class="soft">${T.tokenKept}</p>
		</form>
	</main>`;
}
