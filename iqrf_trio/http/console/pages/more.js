// What the bar of a small screen has no room for.
import { html } from "../vendor/htm-preact.js";
import { Foot } from "../parts/foot.js";
import { Sign } from "../parts/signs.js";
import { T } from "../texts.js";

export function More({ pages }) {
	const rest = pages.filter((each) => each.sign).slice(4);
	return html`<h1>${T.more}</h1>
		<ul class="menu">
			${rest.map((each) => html`<li key=${each.name}><a href="#/${each.name}"><${Sign} name=${each.sign} />${each.title}</a></li>`)}
		</ul>
		<${Foot} />`;
}
