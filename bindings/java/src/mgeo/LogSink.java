// SPDX-License-Identifier: Apache-2.0
package mgeo;

/** Receives the library's log, from any thread. It must not call the engine; what it throws is dropped. */
@FunctionalInterface
public interface LogSink {
    void log(LogLevel level, String line);
}
