<?php
// SPDX-License-Identifier: Apache-2.0
// A small worker with a classic leak: sessions are remembered and never forgotten.
final class Session
{
    public array $basket = [];

    public function __construct(int $number)
    {
        for ($i = 0; $i < 250; $i++) {
            $this->basket[] = str_pad("item $i in the basket of $number", 200, "#");
        }
    }
}

$sessions = [];

function handleRequest(int $number): void
{
    global $sessions;
    $sessions[$number] = new Session($number); // the leak
}

$stop = false;
if (function_exists("pcntl_signal")) {
    pcntl_async_signals(true);
    pcntl_signal(SIGTERM, function () use (&$stop) { $stop = true; });
}
while (!$stop) {
    handleRequest(count($sessions));
    usleep(4000);
}
echo "leaky.php: asked to stop; finishing after ", count($sessions), " requests\n";
