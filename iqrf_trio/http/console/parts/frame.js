// What is around every page: the rail (a bar below on small screens), the state of the connection.
import { html, moment, T, useEffect, usePlace, useRef, useStore } from "./page.js";
import { MORE, PAGES } from "../pages/index.js";
import { Foot } from "../pages/more.js";
import { Sign } from "./signs.js";

export function Frame() {
	const { page, rest } = usePlace();
	const { connected, lostAt } = useStore();
	const shown = PAGES.find((each) => each.name === page) ?? (page === MORE.name ? MORE : PAGES[0]);
	const content = useRef();
	useEffect(() => {
		document.title = `${shown.title} · iqrf-trio`;
		scrollTo(0, 0);
	}, [shown]);
	const lost = !connected && lostAt;
	return html`<div class="frame ${lost ? "lost" : ""}">
		<a class="skip" href="#content" onClick=${(event) => { event.preventDefault(); content.current.focus(); }}>${T.skip}</a>
		<${Rail} shown=${shown} />
		${lost && html`<p class="banner" role="alert">${T.lost(moment(lostAt, Date.now()))}</p>`}
		<main id="content" tabindex="-1" ref=${content}>
			<${shown.component} key=${shown.name} rest=${rest} pages=${PAGES} />
		</main>
	</div>`;
}

function Rail({ shown }) {
	const active = shown.within ?? shown.name;
	const rail = PAGES.filter((each) => each.sign);
	const small = rail.slice(4).some((each) => each.name === active) ? MORE.name : active;
	return html`<nav class="rail" aria-label=${T.pages}>
		<p class="brand">iqrf-trio</p>
		${rail.map(
			(each, index) => html`<a key=${each.name} href="#/${each.name}" class=${index < 4 ? "" : "wide-only"}
				aria-current=${each.name === active ? "page" : null}><${Sign} name=${each.sign} /><span>${each.title}</span></a>`,
		)}
		<a class="small-only" href="#/${MORE.name}" aria-current=${small === MORE.name ? "page" : null}>
			<${Sign} name="more" /><span>${MORE.title}</span></a>
		<div class="foot wide-only"><${Foot} /></div>
	</nav>`;
}
