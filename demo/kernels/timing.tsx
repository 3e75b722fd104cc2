// Timing: how fast the ops are, each verified before, and how near that is to what the GPU can do.
import { Button, once } from '../page/controls.tsx'
import { Scroller } from '../page/scroller.tsx'
import { Card, Figures } from '../page/shell.tsx'
import { brief, shapesOf, taken } from './report.ts'
import { Roofline, shareOf } from './roofline.tsx'
import * as state from './state.ts'
import { Progress } from './verification.tsx'

export function Timing() {
  const { chosen, work, hasGpu, isStopping, peak, entries } = state
  const count = chosen.value.filter(({ isTimed }) => isTimed).length
  const rows = entries.value.flatMap(({ times }) => taken(times.value))
  return (
    <Card
      title="Time"
      hint="Ops on inputs of the sizes that networks have. Each is verified first: what is wrong is not timed. Leave the machine alone meanwhile."
      actions={
        work.value?.kind === 'time' ? (
          <Button kind="danger" onClick={once(state.stop)} dimmed={isStopping.value}>
            {isStopping.value ? 'Stopping …' : 'Stop timing'}
          </Button>
        ) : (
          <Button
            onClick={once(state.timeChosen)}
            disabled={!hasGpu.value || work.value !== null || count === 0}
          >
            {count === 0 ? 'Time' : `Time ${count}`}
          </Button>
        )
      }
    >
      <div class="stack">
        {rows.length === 0 && (
          <p class="muted">
            Times the ops found above, and draws how near each comes to the most that this GPU can do.
          </p>
        )}
        <Progress kind="time" />
        {peak.value && (
          <Figures
            of={{
              'Arithmetic at most': `${brief(peak.value.gigaflopsPerSecond)} GFLOP/s`,
              'Memory at most': `${brief(peak.value.gigabytesPerSecond)} GB/s`,
            }}
          />
        )}
        {peak.value && rows.length > 0 && <Roofline rows={rows} peak={peak.value} />}
        {rows.length > 0 && (
          <Scroller label="Table of times">
            <table>
              <thead>
                <tr>
                  <th scope="col">Op</th>
                  <th scope="col">Variant</th>
                  <th scope="col">Shapes</th>
                  <th scope="col" class="number">
                    Milliseconds
                  </th>
                  <th scope="col" class="number">
                    GFLOP/s
                  </th>
                  <th scope="col" class="number">
                    GB/s
                  </th>
                  <th scope="col" class="number">
                    Of the roof
                  </th>
                  <th scope="col" class="number">
                    Times the CPU
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row, i) => (
                  <tr key={i}>
                    <th scope="row">
                      <code>{row.op}</code>
                    </th>
                    <td>{row.variant}</td>
                    <td class="filling">{shapesOf(row.shapes)}</td>
                    <td class="number">{brief(row.milliseconds)}</td>
                    <td class="number">
                      {row.gigaflopsPerSecond === null ? '' : brief(row.gigaflopsPerSecond)}
                    </td>
                    <td class="number">{brief(row.gigabytesPerSecond)}</td>
                    <td class="number">{peak.value && `${(100 * shareOf(row, peak.value)).toFixed(0)} %`}</td>
                    <td class="number">{brief(row.ratio)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroller>
        )}
      </div>
    </Card>
  )
}
