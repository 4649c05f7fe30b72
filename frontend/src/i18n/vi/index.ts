import type { Texts } from "..";
import common from "./common";
import execution from "./execution";
import executions from "./executions";
import form from "./form";
import jobs from "./jobs";
import log from "./log";
import workers from "./workers";

const texts: Texts = { ...common, jobs, execution, executions, log, form, workers };
export default texts;
