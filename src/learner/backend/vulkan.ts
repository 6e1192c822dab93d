import { existsSync } from 'node:fs'

/**
 * Mesa's device-select layer asks the desktop's compositor which GPU it uses, and where no desktop runs libwayland
 * complains about that on stderr. Call before Vulkan loads.
 */
export function quietVulkan(): void {
  const { XDG_RUNTIME_DIR } = process.env
  if (XDG_RUNTIME_DIR === undefined || !existsSync(XDG_RUNTIME_DIR)) process.env.NODEVICE_SELECT ??= '1'
}
