// The gateway itself: what it does, who may ask it, what it says, how it is set, what ails it.
import { html } from "../vendor/htm-preact.js";
import { Tabs } from "../parts/widgets.js";
import { T } from "../texts.js";
import { Doctor } from "./doctor.js";
import { Log } from "./log.js";
import { Queue } from "./queue.js";
import { Settings } from "./settings.js";
import { Tokens } from "./tokens.js";

const VIEWS = { queue: Queue, tokens: Tokens, log: Log, settings: Settings, doctor: Doctor };

export function System({ rest }) {
	const shown = rest[0] in VIEWS ? rest[0] : "queue";
	return html`<h1>${T.system}</h1><${Tabs} base="system" texts=${T.views} shown=${shown} /><${VIEWS[shown]} />`;
}
