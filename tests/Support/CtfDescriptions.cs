namespace Differ.Tests.Support;

/// <summary>What the writers of CTF put before the events of a description.</summary>
internal static class CtfDescriptions
{
    /// <summary>LTTng's, with thread, process and name of the thread in every event.</summary>
    public const string Lttng = Types + Trace + LttngRest;

    /// <summary>The same without thread.</summary>
    public static string WithoutThread { get; } = Lttng.Replace(Context, "", StringComparison.Ordinal);

    private const string Context = """
        	event.context := struct {
        		integer { size = 32; align = 8; signed = 1; encoding = none; base = 10; } _tid;
        		integer { size = 32; align = 8; signed = 1; encoding = none; base = 10; } _pid;
        		integer { size = 8; align = 8; signed = 0; encoding = UTF8; base = 10; } _procname[16];
        	};

        """;

    private const string Types = """
        /* CTF 1.8 */

        typealias integer { size = 8; align = 8; signed = false; } := uint8_t;
        typealias integer { size = 16; align = 8; signed = false; } := uint16_t;
        typealias integer { size = 32; align = 8; signed = false; } := uint32_t;
        typealias integer { size = 64; align = 8; signed = false; } := uint64_t;
        typealias integer { size = 64; align = 8; signed = false; } := unsigned long;
        typealias integer { size = 5; align = 1; signed = false; } := uint5_t;
        typealias integer { size = 27; align = 1; signed = false; } := uint27_t;

        """;

    private const string Trace = """
        trace {
        	major = 1;
        	minor = 8;
        	uuid = "00112233-4455-6677-8899-aabbccddeeff";
        	byte_order = le;
        	packet.header := struct {
        		uint32_t magic;
        		uint8_t  uuid[16];
        		uint32_t stream_id;
        		uint64_t stream_instance_id;
        	};
        };

        """;

    private const string LttngRest = """
        env {
        	hostname = "host";
        	domain = "kernel";
        	sysname = "Linux";
        	kernel_release = "5.4.0";
        	tracer_name = "lttng-modules";
        	tracer_major = 2;
        };

        clock {
        	name = "monotonic";
        	uuid = "55b3b495-b579-4175-b274-21877d23cb73";
        	description = "Monotonic Clock";
        	freq = 1000000000; /* Frequency, in Hz */
        	offset = 1795753917723002350;
        };

        typealias integer { size = 27; align = 1; signed = false; map = clock.monotonic.value; } := uint27_clock_monotonic_t;
        typealias integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; } := uint64_clock_monotonic_t;

        struct packet_context {
        	uint64_clock_monotonic_t timestamp_begin;
        	uint64_clock_monotonic_t timestamp_end;
        	uint64_t content_size;
        	uint64_t packet_size;
        	uint64_t packet_seq_num;
        	unsigned long events_discarded;
        	uint32_t cpu_id;
        };

        struct event_header_compact {
        	enum : uint5_t { compact = 0 ... 30, extended = 31 } id;
        	variant <id> {
        		struct {
        			uint27_clock_monotonic_t timestamp;
        		} compact;
        		struct {
        			uint32_t id;
        			uint64_clock_monotonic_t timestamp;
        		} extended;
        	} v;
        } align(8);

        stream {
        	id = 0;
        	event.header := struct event_header_compact;
        	packet.context := struct packet_context;
        
        """ + Context + """
        };

        """;

    /// <summary>That of perf data convert, whose packets end with a CPU and have no number.</summary>
    public const string Perf = """
        /* CTF 1.8 */

        trace {
        	major = 1;
        	minor = 8;
        	uuid = "00112233-4455-6677-8899-aabbccddeeff";
        	byte_order = le;
        	packet.header := struct {
        		integer { size = 32; align = 8; signed = false; encoding = none; base = decimal; byte_order = le; } magic;
        		integer { size = 8; align = 8; signed = false; encoding = none; base = decimal; byte_order = le; } uuid[16];
        		integer { size = 32; align = 8; signed = false; encoding = none; base = decimal; byte_order = le; } stream_id;
        	} align(8);
        };

        env {
        	host = "host";
        	sysname = "Linux";
        	release = "6.12.0";
        	domain = "kernel";
        	tracer_name = "perf";
        };

        clock {
        	name = perf_clock;
        	uuid = "cfe886cd-a01b-4338-8943-c688d09835b7";
        	description = "perf clock";
        	freq = 1000000000;
        	precision = 10;
        	offset_s = 0;
        	offset = 0;
        	absolute = FALSE;
        };

        stream {
        	id = 0;
        	event.header := struct {
        		integer { size = 32; align = 8; signed = false; encoding = none; base = decimal; byte_order = le; } id;
        		integer { size = 64; align = 8; signed = false; encoding = none; base = decimal; byte_order = le; map = clock.perf_clock.value; } timestamp;
        	} align(8);

        	packet.context := struct {
        		integer { size = 64; align = 8; signed = false; encoding = none; base = decimal; byte_order = le; } timestamp_begin;
        		integer { size = 64; align = 8; signed = false; encoding = none; base = decimal; byte_order = le; } timestamp_end;
        		integer { size = 64; align = 8; signed = false; encoding = none; base = decimal; byte_order = le; } content_size;
        		integer { size = 64; align = 8; signed = false; encoding = none; base = decimal; byte_order = le; } packet_size;
        		integer { size = 64; align = 8; signed = false; encoding = none; base = decimal; byte_order = le; } events_discarded;
        		integer { size = 32; align = 1; signed = false; encoding = none; base = decimal; byte_order = le; } cpu_id;
        	} align(8);
        };

        """;
}
