import type { Texts } from "..";
import audit from "./audit";
import chains from "./chains";
import colour from "./colour";
import common from "./common";
import deadLetters from "./deadLetters";
import diff from "./diff";
import editor from "./editor";
import execution from "./execution";
import executions from "./executions";
import form from "./form";
import job from "./job";
import jobs from "./jobs";
import keys from "./keys";
import log from "./log";
import overview from "./overview";
import palette from "./palette";
import people from "./people";
import projects from "./projects";
import settings from "./settings";
import shortcuts from "./shortcuts";
import timeline from "./timeline";
import usage from "./usage";
import variables from "./variables";
import webhooks from "./webhooks";
import why from "./why";
import workers from "./workers";

const texts: Texts = {
  ...common,
  audit,
  chains,
  colour,
  deadLetters,
  diff,
  editor,
  execution,
  executions,
  form,
  job,
  jobs,
  keys,
  log,
  overview,
  palette,
  people,
  projects,
  settings,
  shortcuts,
  timeline,
  usage,
  variables,
  webhooks,
  why,
  workers,
};
export default texts;
