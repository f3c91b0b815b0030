// list.js - the views, in the order of the tabs.

import { AttachView } from "./attach.js";
import { DiffView } from "./diff.js";
import { FlameView } from "./flameview.js";
import { HeatView } from "./heat.js";
import { MemoryView } from "./memory.js";
import { Overview } from "./overview.js";
import { SourceView } from "./source.js";
import { TableView } from "./table.js";
import { ThreadsView } from "./threads.js";

/** @typedef {import("../app.js").App} App */

/** @type {Record<string, { title: string, make: (app: App) => import("../app.js").View, hidden?: boolean }>} */
export const VIEWS = {
	overview: { title: "Overview", make: (app) => new Overview(app) },
	flame: { title: "Flame graph", make: (app) => new FlameView(app, false) },
	both: { title: "Split", make: (app) => new FlameView(app, true) },
	table: { title: "Table", make: (app) => new TableView(app) },
	threads: { title: "Threads", make: (app) => new ThreadsView(app) },
	memory: { title: "Memory", make: (app) => new MemoryView(app) },
	heat: { title: "Heat map", make: (app) => new HeatView(app) },
	diff: { title: "Diff", make: (app) => new DiffView(app) },
	source: { title: "Source", make: (app) => new SourceView(app), hidden: true },
	attach: { title: "Attach", make: (app) => new AttachView(app), hidden: true },
};
