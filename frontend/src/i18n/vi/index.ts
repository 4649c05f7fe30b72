import type { Texts } from "..";
import chains from "./chains";
import common from "./common";
import deadLetters from "./deadLetters";
import editor from "./editor";
import execution from "./execution";
import executions from "./executions";
import form from "./form";
import job from "./job";
import jobs from "./jobs";
import log from "./log";
import overview from "./overview";
import timeline from "./timeline";

const texts: Texts = {
  ...common,
  chains,
  deadLetters,
  editor,
  execution,
  executions,
  form,
  job,
  jobs,
  log,
  overview,
  timeline,
};
export default texts;
