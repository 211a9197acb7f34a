import type { App, ReceiverEvent } from '@slack/bolt';
import type { Metrics } from './shared/metrics.ts';

/** Both kinds of receiver hand what arrives to `processEvent`, with the way to acknowledge it: the one place to measure. */
export function measureAcknowledgements(app: Pick<App, 'processEvent'>, metrics: Metrics): void {
  const process = app.processEvent.bind(app);
  app.processEvent = (event) => {
    const startedMs = performance.now();
    const ack: ReceiverEvent['ack'] = async (response) => {
      await event.ack(response);
      metrics.slackAcknowledged(kindOf(event.body), (performance.now() - startedMs) / 1000);
    };
    return process({ ...event, ack });
  };
}

function kindOf(body: ReceiverEvent['body']): string {
  if (typeof body['command'] === 'string') return 'command';
  switch (body['type']) {
    case 'event_callback':
      return 'event';
    case 'block_actions':
      return 'action';
    case 'view_submission':
      return 'submission';
    case 'shortcut':
    case 'message_action':
      return 'shortcut';
    default:
      return 'other';
  }
}
