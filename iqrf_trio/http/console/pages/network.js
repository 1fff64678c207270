// What can be done with the whole network; each long work is a panel with progress and cancel.
import { html, useState } from "../vendor/htm-preact.js";
import { call } from "../parts/live.js";
import { useStore } from "../parts/store.js";
import { Work } from "../parts/work.js";
import { T } from "../texts.js";

export function Network() {
  const [again, setAgain] = useState(false);
  const { rights } = useStore();
  const limits = { refused: rights && rights.scope !== "manage" ? T.notAllowed("manage") : "" };
  return html`<h1>${T.network}</h1>
    <${Work} title=${T.learn} help=${T.learnHelp} ...${limits} cancels=${false}
      begin=${(onAnswer) => call("iqrfDb_Enumerate", { reenumerate: again, standards: true }, { onAnswer, isLast: isLastStep })}
      tell=${({ data }) => data.rsp.stepStr} between=${({ rsp }) => ({ text: T.step(rsp.step, rsp.stepStr), done: rsp.step, total: 8 })}>
      <label class="check"><input type="checkbox" checked=${again} onChange=${(event) => setAgain(event.target.checked)} /> ${T.learnAgain}</label>
    <//>
    <${Work} title=${T.pingAll} help=${T.pingAllHelp} ...${limits} begin=${asked("iqmeshNetwork_Ping")} tell=${told("pingResult")} between=${paced} />
    <${Work} title=${T.restartAll} help=${T.restartAllHelp} ...${limits} typed="ALL" begin=${asked("iqmeshNetwork_Restart")} tell=${told("restartResult")} between=${paced} />`;
}

const isLastStep = (data) => data.status !== 0 || data.rsp?.step === 8;

const asked = (mType) => (onAnswer) => call(mType, { hwpId: 0xffff }, { extras: { progress: true }, onAnswer });

const paced = ({ progress }) => ({ text: T.progress(progress.done, progress.total, progress.seconds), ...progress });

const told = (member) => ({ data }) => {
  const results = data.rsp?.[member] ?? [];
  return T.answered(results.filter((each) => !each.result).map((each) => each.address), results.length);
};
