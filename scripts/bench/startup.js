import { aimed } from './aims.js'
import { main, measured } from './command.js'
import { median, over, print } from './measure.js'

const commands = {
  'node -e 0': ['-e', '0'],
  '--version': [main, '--version'],
  '--help': [main, '--help'],
  'simulate --help': [main, 'simulate', '--help'],
  'topology ring': [main, 'topology', 'ring'],
  // Begins to read a manifest that is not there: all is loaded that a simulation needs, and nothing runs.
  'simulate no-such.yaml': [main, 'simulate', 'no-such.yaml'],
}

/**
 * What a command takes before it does anything, beside a Node that does nothing.
 *
 * @param {{ quick: boolean }} options
 */
export async function startup({ quick }) {
  const taken = Object.fromEntries(Object.keys(commands).map(name => [name, []]))
  const turns = quick ? 5 : 15
  // The first turn warms the system's cache of files.
  for (let turn = -1; turn < turns; turn++) {
    for (const [name, args] of Object.entries(commands)) {
      const taking = await measured(args)
      if (turn >= 0) taken[name].push(taking)
    }
  }
  const [bare] = Object.values(taken)
  const ratios = (all, what) => over(...[all, bare].map(turns => turns.map(one => one[what])))
  print(`startup: one process a turn, ${turns} turns, min / median / max`, [
    ['', 'ms', 'CPU ms', '÷ node', 'CPU ÷ node'],
    ...Object.entries(taken).map(([name, all]) => [
      name,
      spread(all.map(({ ms }) => ms)),
      spread(all.map(({ cpuSeconds }) => cpuSeconds * 1000)),
      median(ratios(all, 'ms')).toFixed(2),
      median(ratios(all, 'cpuSeconds')).toFixed(2),
    ]),
  ])
  return ['--version', 'topology ring'].flatMap(name => [
    aimed(`hearsay ${name} ÷ bare node, time`, ratios(taken[name], 'ms'), { most: 2 }),
    aimed(`hearsay ${name} ÷ bare node, CPU`, ratios(taken[name], 'cpuSeconds'), { most: 2 }),
  ])
}

function spread(values) {
  return [Math.min(...values), median(values), Math.max(...values)].map(value => value.toFixed(0)).join(' / ')
}
