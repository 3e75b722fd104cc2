// How the network is trained: optimizer, rate, schedule, penalties, dropout and the like.
import { Fragment } from 'preact'
import { Select } from '../page/controls.tsx'
import { Card } from '../page/shell.tsx'
import { change, settings } from './history.ts'
import { type Control, chosen, only, slid, ticked, typed } from './setting.tsx'
import { ACTIVATIONS } from './settings.ts'
import {
  ACTIVATION_NAMES,
  INITIALIZER_NAMES,
  OPTIMIZER_NAMES,
  PENALTY_NAMES,
  SCHEDULE_NAMES,
} from './words.ts'

/** One activation for all layers. */
const activation: Control = ({ layers }) => {
  const first = layers[0]?.activation
  const common = layers.every(({ activation }) => activation === first) && first
  return (
    <Select
      label="Activation"
      hint="What a neuron makes of its sum, for all hidden layers. Each layer can have its own: choose it above the layer."
      value={common || 'several'}
      disabled={layers.length === 0}
      options={[
        ...(common ? [] : [{ value: 'several' as const, label: first ? 'Each its own' : 'No hidden layer' }]),
        ...ACTIVATIONS.map(value => ({ value, label: ACTIVATION_NAMES[value] })),
      ]}
      onChange={activation => {
        if (activation !== 'several') change({ layers: layers.map(layer => ({ ...layer, activation })) })
      }}
    />
  )
}

const CONTROLS: readonly Control[] = [
  typed(
    'learningRate',
    'Learning rate',
    'How far each step goes. Large steps are quick but may overshoot; small ones are sure but slow.',
    { whole: false },
  ),
  chosen(
    'optimizer',
    'Optimizer',
    'The rule that makes steps of gradients. Adam finds its own length of step for each weight; plain gradient descent needs a larger rate.',
    OPTIMIZER_NAMES,
  ),
  chosen(
    'schedule',
    'Schedule',
    'How the learning rate changes as training goes on: large at first, then smaller to settle. On a plateau means: when the loss of held-out rows gets no better.',
    SCHEDULE_NAMES,
  ),
  only(
    ({ schedule }) => schedule !== 'constant' && schedule !== 'reduceOnPlateau',
    typed(
      'scheduleEpochs',
      'Schedule length',
      'Epochs that the schedule takes from its beginning to its end.',
    ),
  ),
  typed(
    'batchSize',
    'Batch size',
    'Rows that make one step together. Small batches make many rough steps, large ones few exact steps.',
  ),
  activation,
  chosen(
    'penalty',
    'Penalty on weights',
    'Keeps weights small, so that the network learns the rule and not the noise. L1 makes many of them 0.',
    PENALTY_NAMES,
  ),
  only(
    ({ penalty }) => penalty !== 'none',
    typed('penaltyRate', 'Penalty rate', 'How much the penalty counts beside the errors.', { whole: false }),
  ),
  slid(
    'dropout',
    'Dropout',
    'The share of each hidden layer that is switched off at random in each step, so that neurons do not lean on each other.',
    { step: 5, percent: true },
  ),
  chosen(
    'initializer',
    'First weights',
    'How weights are drawn before training. Glorot suits tanh and sigmoid, He suits ReLU; all zero shows why they must differ.',
    INITIALIZER_NAMES,
  ),
  typed(
    'patience',
    'Stop early after',
    'Epochs without a better validation loss after which training stops and takes the best weights back; 0: never. It holds a fifth of the training rows out for that, so that the test stays unseen.',
  ),
  ticked(
    'batchNorm',
    'Batch normalisation',
    "Brings each neuron's values to one scale in every batch, which makes deep networks easier to train.",
  ),
]

export function TrainingPanel() {
  const all = settings.value
  return (
    <Card
      title="Training"
      hint="How the weights are found. Most changes begin a new run; the learning rate may be changed on the way."
    >
      <div class="settings">
        {CONTROLS.map((control, i) => (
          <Fragment key={i}>{control(all)}</Fragment>
        ))}
      </div>
    </Card>
  )
}
