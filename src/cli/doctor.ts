import { diagnose, diagnosisText } from '../doctor/index.js'
import { interruptedStatus, type Run } from './command.js'

interface DoctorOptions {
  readonly json?: boolean
}

export const run: Run<DoctorOptions> = async (_, { json = false }, { stdout, stderr, signal }) => {
  // A line on a terminal is overwritten; a file gets one line after another.
  const line = (text: string): string => (stderr.isTTY ? `\r${text.padEnd(20)}` : `${text}\n`)
  const say = (text: string): void => void (json || stderr.write(line(text)))
  try {
    const diagnosis = await diagnose(signal, name => say(`trying ${name} …`))
    if (stderr.isTTY) say(`\r${''.padEnd(20)}\r`)
    stdout.write(json ? `${JSON.stringify(diagnosis)}\n` : `${diagnosisText(diagnosis, stdout.columns)}\n`)
    return diagnosis.ok ? 0 : 1
  } catch (error) {
    if (!signal.aborted) throw error
    return interruptedStatus
  }
}
