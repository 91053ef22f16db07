using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Charging.MqttBroker.Tests;

/// <summary>A node on an external broker, without a server around it.</summary>
internal sealed class NodeUnderTest : IAsyncDisposable
{
    private readonly IHost _host;

    private NodeUnderTest(IHost host) => _host = host;

    public TestListener Listener { get; } = new();

    public IPileLink Link => _host.Services.GetRequiredService<IPileLink>();

    public static Task<NodeUnderTest> StartAsync(MosquittoServer broker, string nodeId, params (string Name, string Value)[] settings) =>
        StartAsync(broker.NodePort, nodeId, settings);

    public static async Task<NodeUnderTest> StartAsync(int port, string nodeId, params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        foreach (var (name, value) in settings)
            builder.Configuration[name] = value;
        builder.Logging.ClearProviders();
        NodeUnderTest? node = null;
        builder.Services.AddSingleton<IPileListener>(_ => node!.Listener);
        var place = new ExternalBrokerPlace(new Uri($"mqtt://127.0.0.1:{port}"), MosquittoServer.NodeName, MosquittoServer.NodePassword, nodeId);
        builder.Services.AddExternalBroker(builder.Configuration.GetSection(PileBrokerOptions.Section), place);
        node = new NodeUnderTest(builder.Build());
        await node._host.StartAsync();
        await Until.True("the node is ready", () => node.Link.Trouble is null);
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
