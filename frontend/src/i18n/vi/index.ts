import type { Texts } from "..";
import common from "./common";
import editor from "./editor";
import execution from "./execution";
import executions from "./executions";
import form from "./form";
import job from "./job";
import jobs from "./jobs";
import log from "./log";

const texts: Texts = { ...common, jobs, job, editor, form, execution, executions, log };
export default texts;
