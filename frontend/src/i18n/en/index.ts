import common from "./common";
import executions from "./executions";
import jobs from "./jobs";

export default { ...common, jobs, executions };
