using System.CommandLine;
using Charging.Ops.V1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Spectre.Console;

namespace Charging.Client.Cli;

/// <summary>One run of a command: what was asked, the server, and where the answer goes.</summary>
internal sealed class Session : IDisposable
{
    private static readonly JsonFormatter Formatter =
        new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithIndentation());

    private static readonly JsonFormatter LineFormatter = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    private readonly Lazy<GrpcChannel> _channel;

    /// <summary>Begins a run.</summary>
    public Session(ParseResult parse)
    {
        Parse = parse;
        Output = new CleanWriter(parse.InvocationConfiguration.Output);
        Error = new CleanWriter(parse.InvocationConfiguration.Error);
        var screen = new AnsiConsoleOutput(parse.InvocationConfiguration.Output);
        IsTerminal = screen.IsTerminal;
        Console = Format.ConsoleOf(screen);
        _channel = new Lazy<GrpcChannel>(Open);
    }

    /// <summary>The command line.</summary>
    public ParseResult Parse { get; }

    /// <summary>Where answers go as text.</summary>
    public TextWriter Output { get; }

    /// <summary>Where refusals go.</summary>
    public TextWriter Error { get; }

    /// <summary>Where answers go as tables.</summary>
    public IAnsiConsole Console { get; }

    /// <summary>Whether a person sits before it.</summary>
    public bool IsTerminal { get; }

    /// <summary>Whether the answer is for a program.</summary>
    public bool Json => Parse.GetValue(CommonOptions.Json);

    /// <summary>The server's gRPC port.</summary>
    /// <exception cref="CliException">It is no address.</exception>
    public Uri Address =>
        Uri.TryCreate(Parse.GetValue(CommonOptions.Address), UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new CliException($"'{Parse.GetValue(CommonOptions.Address)}' is no address: give --address or CHARGECTL_ADDRESS such as http://127.0.0.1:8091.");

    /// <summary>Piles.</summary>
    public PileService.PileServiceClient Piles => new(Calls);

    /// <summary>Cards.</summary>
    public CardService.CardServiceClient Cards => new(Calls);

    /// <summary>Orders.</summary>
    public OrderService.OrderServiceClient Orders => new(Calls);

    /// <summary>Riders.</summary>
    public UserService.UserServiceClient Users => new(Calls);

    /// <summary>The money.</summary>
    public LedgerService.LedgerServiceClient Ledger => new(Calls);

    /// <summary>Refunds.</summary>
    public RefundService.RefundServiceClient Refunds => new(Calls);

    /// <summary>Prices.</summary>
    public TariffService.TariffServiceClient Tariffs => new(Calls);

    /// <summary>Stations.</summary>
    public StationService.StationServiceClient Stations => new(Calls);

    /// <summary>Alarms.</summary>
    public AlarmService.AlarmServiceClient Alarms => new(Calls);

    /// <summary>Reports.</summary>
    public ReportService.ReportServiceClient Reports => new(Calls);

    /// <summary>Operator keys.</summary>
    public KeyService.KeyServiceClient Keys => new(Calls);

    /// <summary>The audit log.</summary>
    public AuditService.AuditServiceClient Audit => new(Calls);

    /// <summary>Moving a store.</summary>
    public MoveService.MoveServiceClient Move => new(Calls);

    /// <summary>The server itself.</summary>
    public SystemService.SystemServiceClient System => new(Calls);

    private CallInvoker Calls
    {
        get
        {
            var key = CommonOptions.ReadKey(Parse);
            return _channel.Value.Intercept(headers =>
            {
                headers.Add("authorization", $"Bearer {key}");
                return headers;
            });
        }
    }

    /// <summary>Writes an answer: as JSON for a program, else as the table says.</summary>
    public void Write(IMessage answer, Action<IAnsiConsole> table)
    {
        if (Json)
            Output.WriteLine(Formatter.Format(answer));
        else
            table(Console);
    }

    /// <summary>Writes one of many answers for a program: a JSON document on a line.</summary>
    public void WriteLine(IMessage answer) => Output.WriteLine(LineFormatter.Format(answer));

    /// <summary>What a call failed with, as a sentence.</summary>
    public string Explain(RpcException refusal) => Innermost(refusal) is { } cause
        ? $"No server answers at {Address} ({cause.Message}): start it, or name another with --address or CHARGECTL_ADDRESS."
        : refusal.Status.Detail.ReplaceLineEndings(" ");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_channel.IsValueCreated)
            _channel.Value.Dispose();
    }

    private static Exception? Innermost(RpcException refusal) => refusal.Status.DebugException?.GetBaseException();

    private GrpcChannel Open() => GrpcChannel.ForAddress(Address, new GrpcChannelOptions
    {
        // A proxy of the environment is for other machines.
        HttpHandler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10), UseProxy = !Address.IsLoopback },
        DisposeHttpClient = true,
    });
}

/// <summary>How commands are run.</summary>
internal static class Running
{
    /// <summary>Gives a command its work. Whatever goes wrong in a way that its user can mend becomes a sentence and exit code 1.</summary>
    public static Command Does(this Command command, Func<Session, CancellationToken, Task<int>> work)
    {
        command.SetAction(async (parse, cancel) =>
        {
            using var session = new Session(parse);
            try
            {
                return await work(session, cancel);
            }
            catch (RpcException e) when (!cancel.IsCancellationRequested)
            {
                session.Error.WriteLine(session.Explain(e));
            }
            catch (CliException e)
            {
                session.Error.WriteLine(e.Message);
            }
            catch (Exception e) when (e is RpcException or OperationCanceledException && cancel.IsCancellationRequested)
            {
                session.Error.WriteLine("Cancelled.");
            }
            return 1;
        });
        return command;
    }
}
