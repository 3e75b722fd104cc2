// The data: which set, how much of it and how noisy, which features of it, and a file of one's own.
import { Checkbox } from '../page/controls.tsx'
import { Hint } from '../page/hint.tsx'
import { Card } from '../page/shell.tsx'
import { change, settings } from './history.ts'
import { OwnData } from './own_data.tsx'
import { type Control, chosen, only, slid } from './setting.tsx'
import { FEATURES } from './settings.ts'
import { DATA_NAMES, FEATURE_NAMES } from './words.ts'

const dataSet = chosen(
  'data',
  'Data set',
  'Two classes of dots to tell apart, a number to predict, or a CSV file of your own.',
  DATA_NAMES,
)

const arms = only(
  ({ data }) => data === 'spiral',
  slid('classes', 'Arms', 'How many spiral arms there are: each is a class of its own.'),
)

const count = slid('count', 'Points', 'How many dots are made, for training and testing together.', {
  step: 20,
  most: 2000,
})

const noise = slid(
  'noise',
  'Noise',
  'How far dots are moved at random. With much noise, no network can be right everywhere.',
  { step: 5, percent: true },
)

const trainShare = slid(
  'trainShare',
  'Trained on',
  'The share of the rows that the network learns from. The others test it on what it has not seen.',
  { step: 5, percent: true },
)

const seed = slid(
  'seed',
  'Seed',
  'Decides all that is drawn at random: dots, first weights, order. The same seed gives the same run.',
  { most: 100 },
)

const INPUTS =
  'Whether the network is given this number of each dot. Squares, products and waves make some problems easy.'

const inputs: Control = ({ features }) => (
  <fieldset class="features">
    <legend>
      Inputs <Hint text={INPUTS} about="Inputs" />
    </legend>
    {FEATURES.map(feature => (
      <Checkbox
        key={feature}
        label={FEATURE_NAMES[feature] ?? feature}
        hint={INPUTS}
        checked={features.includes(feature)}
        disabled={features.length === 1 && features.includes(feature)}
        onChange={checked =>
          change({
            features: FEATURES.filter(other => (other === feature ? checked : features.includes(other))),
          })
        }
      />
    ))}
  </fieldset>
)

export function DataPanel() {
  const all = settings.value
  return (
    <Card
      title="Data"
      hint="What the network is to learn. The dots are examples; their colour is the answer."
    >
      <div class="stack">
        {dataSet(all)}
        {all.data === 'own' ? <OwnData /> : [arms(all), count(all), noise(all)]}
        {trainShare(all)}
        {all.data !== 'own' && inputs(all)}
        {seed(all)}
      </div>
    </Card>
  )
}
