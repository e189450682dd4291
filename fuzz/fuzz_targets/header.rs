#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| meterdesk_fuzz::exchange::header(data));
