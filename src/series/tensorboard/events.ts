import type { Value } from '../values.js'
import {
  Event,
  HParam,
  HParams,
  HParamValue,
  PluginData,
  SessionLog,
  SessionStart,
  Summary,
  SummaryMetadata,
  SummaryValue,
} from './generated/event.js'
import { recordOf } from './record.js'

/** A setting of a run. */
export type Setting = string | number | boolean

function eventOf(atMs: number, about: Partial<Event>): Uint8Array {
  return recordOf(Event.encode({ wallTime: atMs / 1000, step: 0, ...about }))
}

/** The first event of a file. */
export function fileVersion(atMs: number): Uint8Array {
  return eventOf(atMs, { fileVersion: 'brain.Event:2' })
}

/** A run goes on: what is there from this step on is made again. */
export function goesOn(atMs: number, step: number): Uint8Array {
  return eventOf(atMs, { step, sessionLog: SessionLog.encode({ status: SessionLog.Status.START }) })
}

/** The numbers of a step, by tag; those that are null are left out. TensorBoard holds numbers of 32 bits. */
export function scalars(atMs: number, step: number, values: readonly Value[]): Uint8Array {
  const value = values.flatMap(({ name: tag, value: simpleValue }) =>
    simpleValue === null ? [] : SummaryValue.encode({ tag, simpleValue }),
  )
  return eventOf(atMs, { step, summary: Summary.encode({ value }) })
}

/** The settings of a run, for the tab HPARAMS. */
export function settingsEvent(atMs: number, settings: ReadonlyMap<string, Setting>): Uint8Array {
  const hparams = [...settings].map(([name, setting]) => HParam.encode({ name, value: settingValue(setting) }))
  const sessionStart = SessionStart.encode({ hparams, startSeconds: atMs / 1000 })
  const pluginData = PluginData.encode({ pluginName: 'hparams', content: HParams.encode({ version: 0, sessionStart }) })
  const metadata = SummaryMetadata.encode({ pluginData })
  const value = SummaryValue.encode({ tag: '_hparams_/session_start_info', metadata })
  return eventOf(atMs, { summary: Summary.encode({ value: [value] }) })
}

function settingValue(setting: Setting): Uint8Array<ArrayBuffer> {
  if (typeof setting === 'number') return HParamValue.encode({ number: setting })
  return HParamValue.encode(typeof setting === 'string' ? { text: setting } : { truth: setting })
}
