import { letLongTimersGo } from './support/long-timers.ts';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
letLongTimersGo();
