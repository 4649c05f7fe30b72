import chains from "./chains";
import common from "./common";
import deadLetters from "./deadLetters";
import execution from "./execution";
import executions from "./executions";
import jobs from "./jobs";
import log from "./log";
import overview from "./overview";
import timeline from "./timeline";

export default { ...common, chains, deadLetters, jobs, execution, executions, log, overview, timeline };
