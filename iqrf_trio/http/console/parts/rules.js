// When a task runs: from what is filled in to the `timeSpec` of the API, and from that to words.
import { T } from "../texts.js";

const NEVER = { cronTime: "", periodic: false, period: 0, exactTime: false, startTime: "" };

const DAILY = /^0 (\d+) (\d+) \* \* \* \*$/;

// What can be filled in for each kind of rule.
export const FIELDS = { every: ["minutes"], daily: ["time"], once: ["moment"], cron: ["cron"] };

export function timeSpec({ when, minutes, time, moment, cron }) {
	const [hour, minute] = time.split(":").map(Number);
	switch (when) {
		case "every": return { ...NEVER, periodic: true, period: Math.round(minutes * 60) };
		case "daily": return { ...NEVER, cronTime: `0 ${minute} ${hour} * * * *` };
		case "once": return { ...NEVER, exactTime: true, startTime: moment && new Date(moment).toISOString() };
		default: return { ...NEVER, cronTime: cron };
	}
}

// What was filled in to get this `timeSpec`.
export function filled({ cronTime, periodic, period, exactTime, startTime }) {
	const cron = [cronTime].flat().join(" ").trim();
	const daily = DAILY.exec(cron);
	return {
		when: periodic ? "every" : exactTime ? "once" : daily ? "daily" : "cron",
		minutes: period / 60 || 10,
		time: daily ? clock(daily[2], daily[1]) : "06:30",
		moment: startTime && local(new Date(startTime)),
		cron,
	};
}

const clock = (hour, minute) => [hour, minute].map((each) => String(each).padStart(2, "0")).join(":");

// For a field of a form, which knows the time of this browser only.
const local = (date) => new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);

// A sentence such as "every day at 06:30"; an expression that has no short one is told as it is.
export function rule({ cronTime, periodic, period, exactTime, startTime }) {
	if (periodic) return T.every(period % 3600 ? (period % 60 ? `${period} s` : `${period / 60} min`) : `${period / 3600} h`);
	if (exactTime) return startTime ? T.once(new Date(startTime).toLocaleString("en-GB")) : T.never;
	const cron = [cronTime].flat().join(" ").trim();
	const daily = DAILY.exec(cron);
	const minutes = /^0 \*(\/(\d+))? \* \* \* \* \*$/.exec(cron);
	return daily ? T.daily(clock(daily[2], daily[1])) : minutes ? T.every(`${minutes[2] ?? 1} min`) : T.byCron(cron);
}
