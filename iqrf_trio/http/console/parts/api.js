// The messages of the API with their schemas, of which forms and long works are made.
import { ask } from "./http.js";
import { useAnswer } from "./widgets.js";

let loading = null;

export function loadMessages() {
	loading ??= ask("api/v1/messages").then(
		({ messages }) => messages,
		(problem) => {
			loading = null;
			throw problem;
		},
	);
	return loading;
}

// {answer, error}: all messages.
export const useMessages = () => useAnswer("messages", loadMessages);

// Whether an answer of `message` is its last one: `final` names the member and value that tell it.
export function isFinal({ final }, data) {
	if ("progress" in data) return false;
	return !final || data.rsp?.[final.member] === final.value || (data.status !== 0 && !(final.byDevice && final.member in (data.rsp ?? {})));
}
