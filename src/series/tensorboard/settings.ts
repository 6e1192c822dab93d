import { shown } from '../../foreign.js'
import type { Manifest } from '../../node/index.js'
import type { Setting } from './events.js'

/** Of a manifest everything but the columns of its tables, by the paths of fields: `training.batch`. */
export function settingsOf({ task: _, ...manifest }: Manifest): Map<string, Setting> {
  const settings = new Map<string, Setting>()
  const add = (path: string, value: unknown): void => {
    if (value === undefined || value === null) return
    if (typeof value === 'number' || typeof value === 'boolean') settings.set(path, value)
    else if (typeof value === 'string') settings.set(path, shown(value))
    else if (Array.isArray(value)) settings.set(path, shown(JSON.stringify(value)))
    else for (const [name, field] of Object.entries(value)) add(path === '' ? name : `${path}.${name}`, field)
  }
  add('', manifest)
  return settings
}
