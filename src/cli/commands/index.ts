import type { Command } from '../command.js'
import { audit } from './audit.js'
import { backend } from './backend.js'
import { compare } from './compare.js'
import { data } from './data.js'
import { doctor } from './doctor.js'
import { exportModel } from './export.js'
import { figures } from './figures.js'
import { id } from './id.js'
import { init } from './init.js'
import { invite } from './invite.js'
import { join } from './join.js'
import { key } from './key.js'
import { predict } from './predict.js'
import { report } from './report.js'
import { simulate } from './simulate.js'
import { start } from './start.js'
import { sweep } from './sweep.js'
import { topology } from './topology.js'
import { watch } from './watch.js'

/** What `hearsay` can do, in the order of its help. */
export const commands: readonly Command[] = [
  simulate,
  sweep,
  start,
  join,
  predict,
  exportModel,
  audit,
  report,
  compare,
  figures,
  watch,
  init,
  data,
  topology,
  key,
  id,
  invite,
  doctor,
  backend,
]
