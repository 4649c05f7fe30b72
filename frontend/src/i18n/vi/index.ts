import type { Texts } from "..";
import audit from "./audit";
import colour from "./colour";
import common from "./common";
import execution from "./execution";
import executions from "./executions";
import form from "./form";
import jobs from "./jobs";
import keys from "./keys";
import log from "./log";
import people from "./people";
import projects from "./projects";
import settings from "./settings";
import variables from "./variables";
import webhooks from "./webhooks";
import workers from "./workers";

const texts: Texts = {
  ...common,
  audit,
  colour,
  execution,
  executions,
  form,
  jobs,
  keys,
  log,
  people,
  projects,
  settings,
  variables,
  webhooks,
  workers,
};
export default texts;
