// What the gateway does by itself at certain times, and what came of it the last time.
import { Action, Button, call, html, Loading, moment, State, T, useAnswer, useLimits, useMessages, useNow, useState } from "../parts/page.js";
import { FIELDS, filled, rule, timeSpec } from "../parts/rules.js";
import { initial, Members, MessageChoice, only, Request } from "../parts/schema_form.js";

const CLIENT = { clientId: "SchedulerMessaging" };
const EVERY_S = 5; // how often they are looked at
const MESSAGING = [{ type: "ws", instance: "WebsocketMessaging" }];
const FIRST = { description: "", persist: true, enabled: true, timeSpec: {}, task: [{ messaging: MESSAGING, message: { mType: "iqrfSensorData_Invoke", data: {} } }] };

// In the order of their next runs; those that do not run come last.
async function load() {
	const { data } = await call("mngScheduler_List", CLIENT);
	const told = await Promise.all(data.rsp.tasks.map((taskId) => call("mngScheduler_GetTask", { ...CLIENT, taskId, lastRun: true })));
	return told.map((each) => each.data.rsp).sort((a, b) => (a.nextRun ?? Infinity) - (b.nextRun ?? Infinity));
}

export function Tasks() {
	const [edited, edit] = useState(null);
	const limit = useLimits()("manage");
	const { answer: tasks, error, again } = useAnswer("tasks", load, EVERY_S);
	const over = () => {
		edit(null);
		again();
	};
	if (!tasks) return html`<h1>${T.tasks}</h1><${Loading} error=${error} />`;
	if (edited) return html`<h1>${edited.taskId ? edited.description || T.tasks : T.newTask}</h1><${Editor} task=${edited} limit=${limit} onOver=${over} />`;
	return html`<h1>${T.tasks}</h1>
		<p><${Button} kind="main" ...${limit} onClick=${() => edit(FIRST)}>${T.newTask}<//></p>
		${tasks.length === 0 && html`<p class="soft">${T.noneYet}</p>`}
		${tasks.map((task) => html`<${Task} key=${task.taskId} task=${task} limit=${limit} again=${again} onEdit=${() => edit(task)} />`)}`;
}

const itemsOf = ({ task }) => [task].flat();

function Task({ task, limit, again, onEdit }) {
	const now = useNow();
	const { taskId, description, active, nextRun, lastRun } = task;
	const types = itemsOf(task).map(({ message }) => message.mType).join(", ");
	const act = (mType, req) => () => call(mType, req).then(again);
	const which = { ...CLIENT, taskId };
	return html`<section class="work" aria-label=${description || types}><h2>${description || types}</h2>
		<p>${rule(task.timeSpec)}${active ? nextRun && `, ${T.next(moment(nextRun * 1000, now))}` : `, ${T.stopped}`} <span class="soft">${description && types}</span></p>
		<p>${!lastRun ? html`<span class="soft">${T.notRun}</span>` : html`<${State} state=${!lastRun.ended ? "unknown" : lastRun.status || lastRun.trouble ? "silent" : "good"}
			text=${T.lastRun(moment(lastRun.began * 1000, now), lastRun)} />`}</p>
		<div class="buttons">
			<${Action} label=${T.runNow} ...${limit} run=${act("iqrfTrio_RunTask", { taskId })} />
			<${Action} label=${active ? T.stop : T.start} ...${limit} run=${act(`mngScheduler_${active ? "Stop" : "Start"}Task`, which)} />
			<${Button} ...${limit} onClick=${onEdit}>${T.edit}<//>
			<${Action} label=${T.remove} sure=${T.sure} ...${limit} run=${act("mngScheduler_RemoveTask", which)} />
		</div>
	</section>`;
}

const SCHEMA = {
	properties: {
		description: { type: "string" },
		when: { enum: Object.keys(FIELDS) },
		minutes: { type: "number", minimum: 1 / 60 },
		time: { type: "string", format: "time" },
		moment: { type: "string", format: "datetime-local" },
		cron: { type: "string", description: T.cronHelp },
		enabled: { type: "boolean" },
		persist: { type: "boolean" },
	},
};

function Editor({ task, limit, onOver }) {
	const { answer: messages } = useMessages();
	const [form, setForm] = useState({ description: task.description, enabled: task.enabled, persist: task.persist, ...filled(task.timeSpec) });
	const [items, setItems] = useState(itemsOf(task));
	if (!messages) return html`<${Loading} />`;
	const { mType, data } = items[0].message;
	const message = messages.find((each) => each.mType === mType) ?? messages[0];
	const change = (type, req) => setItems([{ ...items[0], message: { mType: type, data: { ...data, msgId: "task", req } } }, ...items.slice(1)]);
	const { description, enabled, persist, when } = form;
	const req = { ...CLIENT, description, enabled, persist, timeSpec: timeSpec(form), task: items };
	const fields = (names) => html`<${Members} schema=${only(SCHEMA, names)} plain value=${form} onChange=${setForm} />`;
	const save = () => call(`mngScheduler_${task.taskId ? "Edit" : "Add"}Task`, { ...req, taskId: task.taskId }).then(onOver);
	return html`${fields(["description", "when", ...FIELDS[when]])}
		<p>${T.runs(rule(req.timeSpec))}</p>${fields(["enabled", "persist"])}
		<${MessageChoice} messages=${messages} value=${mType} onChange=${(type) => change(type, initial(messages.find((each) => each.mType === type)))} />
		<${Request} key=${mType} message=${message} value=${data.req} onChange=${(given) => change(mType, given)} />
		<div class="actions"><${Action} kind="main" label=${T.save} ...${limit} run=${save} /><button onClick=${onOver}>${T.cancel}</button></div>`;
}
