import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The Python that has torch, where there is one on the PATH: what the comparison runs on. */
export function findTorch() {
  for (const python of ['python3', 'python']) {
    try {
      const report = execFileSync(
        python,
        ['-c', 'import json, torch; print(json.dumps([torch.__version__, torch.cuda.is_available()]))'],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 120_000 },
      )
      const [version, cuda] = JSON.parse(report)
      return { python, version, cuda }
    } catch {
      // Not there, or without torch: the next.
    }
  }
  return undefined
}

/** What to say where there is none. */
export const noTorch = 'no PyTorch to compare with: no python3 on the PATH can import torch (pip install torch)'

/** The path of a script in torch/. */
export function torchScript(name) {
  return fileURLToPath(new URL(`torch/${name}.py`, import.meta.url))
}
