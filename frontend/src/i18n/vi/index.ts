import type { Texts } from "..";
import common from "./common";
import executions from "./executions";
import jobs from "./jobs";

const texts: Texts = { ...common, jobs, executions };
export default texts;
