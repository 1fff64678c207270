// The page: whoever has no session key signs in, all others see the frame with one of the pages.
import { h, html, render } from "./vendor/htm-preact.js";
import { Frame } from "./parts/frame.js";
import { storedKey } from "./parts/http.js";
import { start } from "./parts/live.js";
import { begin, keyOfFragment } from "./parts/session.js";
import { useStore } from "./parts/store.js";
import { SignIn } from "./pages/sign_in.js";

function App() {
	const { phase } = useStore();
	if (phase === "starting") return null;
	return phase === "signed-out" ? html`<${SignIn} />` : html`<${Frame} />`;
}

// A link that signs in, also one that was pasted into the address of this very page.
function takeFragment() {
	const shown = keyOfFragment();
	if (shown) begin(shown);
	return shown;
}

render(h(App), document.body);
addEventListener("hashchange", takeFragment);
if (!takeFragment()) start(storedKey());
