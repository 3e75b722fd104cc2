// What the network gets right and wrong on test digits, and what its first units look at.
import { PIXELS } from '../mnist_shape.ts'
import { colorOf, inkOn } from '../page/palette.ts'
import { Card } from '../page/shell.tsx'
import { theme } from '../page/theme.ts'
import { Picture, Tiles } from './picture.tsx'
import { confusion, settings, weights, wrong } from './state.ts'

const DIGITS = Array.from({ length: 10 }, (_, digit) => digit)

const Later = () => <p class="muted">Comes with the first network.</p>

export function ConfusionMatrix() {
  const counts = confusion.value
  return (
    <Card
      title="Confusion matrix"
      hint="Each row is a digit as it was written, each column what it was taken for. What lies off the diagonal is wrong."
    >
      {counts ? (
        <table class="confusion">
          <caption class="muted small">
            {counts
              .flat()
              .reduce((sum, count) => sum + count, 0)
              .toLocaleString('en')}{' '}
            test digits; rows: what it is, columns: what it was read as
          </caption>
          <thead>
            <tr>
              <td />
              {DIGITS.map(digit => (
                <th key={digit} scope="col">
                  {digit}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {DIGITS.map(actual => {
              const row = counts[actual] ?? []
              const total = row.reduce((sum, count) => sum + count, 0)
              return (
                <tr key={actual}>
                  <th scope="row">{actual}</th>
                  {DIGITS.map(predicted => {
                    const count = row[predicted] ?? 0
                    // Mistakes are few: the root lets them be seen.
                    const share = Math.sqrt(count / Math.max(total, 1)) * (actual === predicted ? 1 : -1)
                    return (
                      <td
                        key={predicted}
                        style={{
                          background: colorOf(share, theme.value),
                          color: `var(${inkOn(share, theme.value)})`,
                        }}
                      >
                        {count > 0 ? count : ''}
                      </td>
                    )
                  })}
                </tr>
              )
            })}
          </tbody>
        </table>
      ) : (
        <Later />
      )}
    </Card>
  )
}

export function MostWrong() {
  const found = wrong.value
  return (
    <Card
      title="Most wrong"
      hint="The test digits of highest loss: where it gave the least probability to what is right."
    >
      {found && found.length === 0 && <p class="muted">None: it reads all test digits right.</p>}
      {found ? (
        <ul class="wrong">
          {found.map(({ row, pixels, actual, predicted, loss }) => (
            <li key={row}>
              <Picture values={pixels} label={`A ${actual} that was read as ${predicted}`} />
              <span aria-hidden="true">
                <span class="good">{actual}</span> → <span class="bad">{predicted}</span>
              </span>
              <span class="muted small">loss {loss.toFixed(1)}</span>
            </li>
          ))}
        </ul>
      ) : (
        <Later />
      )}
    </Card>
  )
}

export function FirstLayer() {
  const pictures = weights.value
  const units = pictures ? pictures.length / PIXELS : 0
  const [first = 10] = settings.value.hidden
  return (
    <Card
      title="First layer"
      hint="Each picture is one unit's weights to the 28 × 28 pixels: ink where it is blue excites the unit, where it is orange silences it."
    >
      {pictures ? (
        <div class="stack units">
          <Tiles
            values={pictures}
            columns={6}
            label={`Weights of ${units} units of the first layer as pictures`}
          />
          <p class="muted small">
            {units < first ? `${units} of ${first.toLocaleString('en')} units` : `All ${units} units`}, each
            by its largest weight. <span class="legend-blue">Blue</span> excites,{' '}
            <span class="legend-orange">orange</span> silences.
          </p>
        </div>
      ) : (
        <Later />
      )}
    </Card>
  )
}
