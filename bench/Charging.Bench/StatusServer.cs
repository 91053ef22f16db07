using System.Collections.Concurrent;
using Charging.Device.V1;
using Charging.MqttBroker;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Charging.Bench;

/// <summary>Our broker with a listener that keeps a board, as a process of its own.</summary>
internal static class StatusServer
{
    public static async Task<int> RunAsync()
    {
        var board = new Board();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration["Kestrel:Endpoints:Mqtt:Url"] = "http://127.0.0.1:0";
        builder.Configuration["Charging:Mqtt:PacketsPerSecond"] = "1000000";
        builder.Configuration["Charging:Mqtt:PacketBurst"] = "1000000";
        builder.Services.AddSingleton<IPileListener>(board);
        builder.Services.AddPileBroker(builder.Configuration.GetSection(PileBrokerOptions.Section));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.UsePileBroker());
        await using var app = builder.Build();
        await app.StartAsync();
        Console.WriteLine(new Uri(app.Urls.Single()).Port);
        while (Console.ReadLine() is not null)
            Console.WriteLine(board.Received);
        return 0;
    }

    private sealed class Board : IPileListener
    {
        private readonly ConcurrentDictionary<DeviceNo, PileStatus> _statuses = new();
        private long _received;

        public long Received => Volatile.Read(ref _received);

        public int? Authenticate(DeviceNo device, string secret) => 1;

        public int? Admit(DeviceNo device) => 1;

        public void Remembered(DeviceNo device)
        {
        }

        public void Connected(PileSession session)
        {
        }

        public void Disconnected(PileSession session)
        {
        }

        public void StatusReceived(PileSession session, PileStatus status)
        {
            _statuses[session.Device] = status;
            Interlocked.Increment(ref _received);
        }

        public void TelemetryReceived(PileSession session, PileTelemetry telemetry)
        {
        }

        public Task EventReceivedAsync(PileSession session, PileEvent pileEvent) => Task.CompletedTask;

        public Task ResultReceivedAsync(PileSession session, CommandResult result) => Task.CompletedTask;

        public void Unreadable(PileSession session, string topic, ReadOnlyMemory<byte> payload) =>
            throw new InvalidOperationException("The load sends statuses only.");
    }
}
